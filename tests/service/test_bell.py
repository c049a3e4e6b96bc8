"""Open pages are told soon, by one thread for all, until their people sign out or the service
ends."""

import asyncio
import threading

import pytest

from cxr_triage.errors import Overloaded
from cxr_triage.service.review.bell import MOST_OF_SENDER, Bell
from cxr_triage.store.records import Calls

NOTHING = Calls(critical=0, urgent=0, newest=None, answers=0)
ONE = Calls(critical=1, urgent=0, newest=None, answers=0)


class Sessions:
    """What calls whom, and which threads asked."""

    def __init__(self):
        self.of = {}
        self.threads = set()
        self.asked = 0

    def look(self, token):
        self.asked += 1
        self.threads.add(threading.get_ident())
        return self.of.get(token)


async def heard(bell, token, sender="10.0.0.1"):
    return [one async for one in bell.listen(token, sender) if one is not None]


async def soon(fulfilled):
    async with asyncio.timeout(5):
        while not fulfilled():
            await asyncio.sleep(0.01)


def test_everybody_hears_what_changed_by_one_thread():
    sessions = Sessions()
    sessions.of = {f"t{number}": NOTHING for number in range(20)}

    async def scene():
        bell = Bell(sessions.look, every_s=0.02)
        pages = [asyncio.create_task(heard(bell, token)) for token in sessions.of]
        await soon(lambda: sessions.asked >= 40)
        sessions.of["t7"] = ONE
        asked = sessions.asked
        await soon(lambda: sessions.asked >= asked + 60)
        del sessions.of["t3"]
        await asyncio.wait_for(pages[3], 5)
        bell.close()
        return await asyncio.wait_for(asyncio.gather(*pages), 5)

    told = asyncio.run(scene())
    assert told[7] == [NOTHING, ONE]
    assert all(one == [NOTHING] for at, one in enumerate(told) if at != 7), "nothing is said twice"
    assert len(sessions.threads) == 1


def test_nobody_asks_the_store_when_nobody_listens():
    sessions = Sessions()
    sessions.of["t"] = NOTHING

    async def scene():
        bell = Bell(sessions.look, every_s=0.01)
        page = asyncio.create_task(heard(bell, "t"))
        await soon(lambda: sessions.asked > 2)
        page.cancel()
        await asyncio.sleep(0.05)
        asked = sessions.asked
        await asyncio.sleep(0.1)
        assert sessions.asked == asked
        again = asyncio.create_task(heard(bell, "t"))
        await soon(lambda: sessions.asked > asked)
        bell.close()
        assert await asyncio.wait_for(again, 5) == [NOTHING]

    asyncio.run(scene())


def test_a_sender_has_so_many_pages_that_listen_and_a_closed_bell_none():
    sessions = Sessions()
    sessions.of["t"] = NOTHING

    async def scene():
        bell = Bell(sessions.look, every_s=0.01)
        pages = [asyncio.create_task(heard(bell, "t")) for _ in range(MOST_OF_SENDER)]
        await asyncio.sleep(0.05)
        bell.check_room("10.0.0.2")
        with pytest.raises(Overloaded):
            bell.check_room("10.0.0.1")
        bell.close()
        await asyncio.wait_for(asyncio.gather(*pages), 5)
        with pytest.raises(Overloaded):
            bell.check_room("10.0.0.2")

    asyncio.run(scene())
