"""What stands on the pages of a study's PDF, in order, for reportlab to lay out."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any, Final

from reportlab.lib.colors import black
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    Image,
    KeepTogether,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from cxr_triage.language import Language, say
from cxr_triage.language.numbers import decimal
from cxr_triage.report.study.pdf_parts import GREY, STYLES, Bar, PriorityMark, RarityBar, Scale
from cxr_triage.report.study.sheet import (
    Facts,
    FilmSheet,
    Sheet,
    SheetDecision,
    SheetPicture,
    SheetReview,
    SheetRow,
)
from cxr_triage.report.typeface import LACKING, Letters

WIDTH: Final = float(A4[0] - 24 * mm)
GAP: Final = 3 * mm
TALLEST: Final = 78 * mm
"""Of a picture beside another."""
SMALL: Final = 35 * mm
"""Width of the pictures beside the leading one."""
TIGHT: Final = [
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ("TOPPADDING", (0, 0), (-1, -1), 1),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
]

Story = Iterator[Flowable]


def story(sheet: Sheet, letters: Letters) -> list[Flowable]:
    """Everything; at the end what stands for letters that the typeface lacks."""
    return list(_Teller(sheet, letters).told())


class _Teller:
    """Puts a sheet's words through `letters`, which notes what is lacking."""

    def __init__(self, sheet: Sheet, letters: Letters) -> None:
        self._sheet = sheet
        self._letters = letters

    def told(self) -> Story:
        yield from self._head()
        yield from self._facts()
        if self._sheet.notes:
            yield self._boxed(self._say("paper.identity"), self._sheet.notes)
        yield from self._priority()
        for film in self._sheet.films:
            yield from self._film(film)
        if self._sheet.signature:
            yield Spacer(1, 1 * mm)
            yield self._text(self._sheet.signature, "bold")
        if self._sheet.earlier:
            yield self._text(self._say("paper.reading"), "section")
            yield from self._reviews(self._sheet.earlier)
        yield from self._small()

    def _say(self, key: str, **values: object) -> str:
        return say(key, self._language, **values)

    @property
    def _language(self) -> Language:
        return self._sheet.language

    def _text(self, text: str, style: str) -> Paragraph:
        return Paragraph(self._letters.markup(text), STYLES[style])

    def _labelled(self, label: str, text: str, style: str) -> Paragraph:
        return Paragraph(
            f"<b>{self._letters.markup(label)}</b> {self._letters.markup(text)}", STYLES[style]
        )

    def _head(self) -> Story:
        place = [self._text(self._sheet.place, "place")] if self._sheet.place else []
        if self._sheet.address:
            place.append(self._text(self._sheet.address, "label"))
        if place:
            yield Table([[place]], [WIDTH], style=TIGHT)
        title = Table([[self._text(self._sheet.title, "title")]], [WIDTH])
        title.setStyle([*TIGHT, ("LINEBELOW", (0, 0), (-1, -1), 0.9, black)])
        yield title
        yield Spacer(1, 1.2 * mm)

    def _facts(self) -> Story:
        """Three columns; the first, whom it is about, is the widest."""
        cells = [
            [self._text(label, "label"), self._text(value, "bold" if index < 2 else "fact")]
            for index, (label, value) in enumerate(self._sheet.facts)
        ]
        rows = [cells[start : start + 3] for start in range(0, len(cells), 3)]
        rows[-1] += [[]] * (3 - len(rows[-1]))
        table = Table(rows, [WIDTH * 0.42, WIDTH * 0.29, WIDTH * 0.29])
        table.setStyle([*TIGHT, ("LINEBELOW", (0, -1), (-1, -1), 0.5, black)])
        yield table

    def _priority(self) -> Story:
        label, step = f"{self._say('paper.triage')}:", self._text(self._sheet.next_step, "bold")
        if self._sheet.doctor is None:
            said = [self._labelled(label, self._sheet.priority_word, "priority"), step]
        else:
            yield from self._decision(self._sheet.doctor, step)
            said = [self._labelled(label, self._sheet.priority_word, "text")]
        if self._sheet.priority != "not_assessed":
            said.append(self._text(self._sheet.reason, "text"))
        said += [self._text(one, "text") for one in self._sheet.caveats]
        yield self._marked(PriorityMark(self._sheet.priority, 14), said)

    def _decision(self, doctor: SheetDecision, step: Flowable) -> Story:
        """What was signed, first."""
        said: list[Flowable] = []
        if doctor.priority is not None:
            label = f"{self._say('paper.own_priority')}:"
            said.append(self._labelled(label, f"{doctor.word} ({doctor.by})", "priority"))
        for one in doctor.conclusions:
            said.append(self._labelled(f"{self._say('paper.impression')}:", one, "text"))
        said.append(step)
        mark = "" if doctor.priority is None else PriorityMark(doctor.priority, 14)
        yield self._marked(mark, said)

    @staticmethod
    def _marked(mark: Flowable | str, said: Sequence[Flowable]) -> Flowable:
        table = Table([[mark, list(said)]], [7 * mm, WIDTH - 7 * mm])
        table.setStyle([*TIGHT, ("TOPPADDING", (0, 0), (-1, -1), 3)])
        return table

    def _film(self, film: FilmSheet) -> Story:
        if film.title:
            yield CondPageBreak(60 * mm)
            yield self._text(film.title, "section")
        for sentences, key in (
            (film.refusals, "paper.refused"),
            (film.warnings, "report.warnings"),
        ):
            if sentences:
                yield self._boxed(self._say(key), sentences)
        if film.pictures:
            yield self._pictures(film.pictures, refused=bool(film.refusals))
        if film.remarks:
            yield self._text(" ".join(film.remarks), "remark")
        if film.rows:
            yield Spacer(1, 1.5 * mm)
            yield self._table(film)
        if film.rest:
            yield self._text(film.rest, "remark")
        yield Spacer(1, 1 * mm)
        yield self._text(self._say("paper.reading"), "section")
        if film.unread:
            yield self._text(film.unread, "text")
        yield from self._reviews(film.reviews)

    def _boxed(self, title: str, sentences: Sequence[str]) -> Flowable:
        lines = [self._text(title, "bold"), *(self._text(f"• {one}", "text") for one in sentences)]
        table = Table([[line] for line in lines], [WIDTH])
        table.setStyle(
            [
                *TIGHT,
                ("LINEBEFORE", (0, 0), (0, -1), 2, black),
                ("LEFTPADDING", (0, 0), (-1, -1), 6),
            ]
        )
        return table

    def _pictures(self, pictures: Sequence[SheetPicture], *, refused: bool) -> Flowable:
        """The image beside the leading finding's overlay; further ones small beside them."""
        large, rest = pictures[:2], pictures[2:]
        if refused:
            return KeepTogether([self._figure(pictures[0], 60 * mm, 60 * mm)])
        side = SMALL + GAP if rest else 0.0
        width = (WIDTH - side - GAP) / 2
        cells: list[Any] = [self._figure(one, width, TALLEST) for one in large]
        widths = [width + GAP] * len(cells)
        if rest:
            half = (TALLEST - 10 * mm) / 2
            cells.append([self._figure(one, SMALL, half, brief=True) for one in rest])
            widths.append(SMALL)
        table = Table([cells], widths, hAlign="LEFT")
        table.setStyle([*TIGHT, ("RIGHTPADDING", (0, 0), (-1, -1), 0)])
        return KeepTogether([table])

    def _figure(
        self, picture: SheetPicture, width: float, height: float, *, brief: bool = False
    ) -> Flowable:
        image = Image(BytesIO(picture.data))
        scale = min(width / image.imageWidth, height / image.imageHeight)
        image.drawWidth, image.drawHeight = image.imageWidth * scale, image.imageHeight * scale
        image.hAlign = "LEFT"
        caption = self._labelled(picture.caption, "" if brief else picture.kind, "label")
        parts: list[Flowable] = [caption, image]
        if picture.finding is not None and not brief:
            parts.append(self._scale(picture, image.drawWidth))
        table = Table([[part] for part in parts], [width], hAlign="LEFT")
        table.setStyle([*TIGHT, ("RIGHTPADDING", (0, 0), (-1, -1), 0)])
        return table

    def _scale(self, picture: SheetPicture, width: float) -> Flowable:
        assert picture.finding is not None  # noqa: S101 (for the type checker)
        decimals = 1 if picture.top >= 1 else 2
        ends = (
            decimal(0, self._language, decimals),
            self._say("heatmap.strongest", top=decimal(picture.top, self._language, decimals)),
        )
        return Scale(float(picture.finding.evidence.max()), picture.top, width, ends)

    def _table(self, film: FilmSheet) -> Flowable:
        heads = (
            self._say("report.finding"),
            self._say("report.level"),
            film.scale,
            self._say("paper.evidence"),
            self._say("paper.doctor"),
        )
        bar = 24 * mm
        body = [
            [
                self._text(row.name, "cell"),
                self._text(row.level, "cell"),
                Table(
                    [
                        [
                            self._bar(row, bar),
                            self._labelled(row.value, row.limit, "cell"),
                        ]
                    ],
                    [bar + 2 * mm, None],
                    style=TIGHT,
                ),
                self._text(row.evidence, "label"),
                self._text(row.verdict, "cell"),
            ]
            for row in film.rows
        ]
        table = Table(
            [[self._text(head, "label") for head in heads], *body],
            [part * WIDTH for part in (0.27, 0.18, 0.25, 0.14, 0.16)],
            repeatRows=1,
        )
        table.setStyle(
            TableStyle(
                [
                    *TIGHT,
                    ("TOPPADDING", (0, 0), (-1, -1), 0.3),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), 0.8),
                    ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                    ("LINEBELOW", (0, 0), (-1, 0), 0.7, black),
                    ("LINEBELOW", (0, 1), (-1, -1), 0.25, GREY),
                ]
            )
        )
        return table

    def _bar(self, row: SheetRow, width: float) -> Flowable:
        if row.decision is None or row.finding.rarity is None:
            return Bar(row.finding, width)
        return RarityBar(row.finding, row.decision, width)

    def _reviews(self, reviews: Sequence[SheetReview]) -> Story:
        for review in reviews:
            yield self._text(review.heading, "bold")
            for label, text in review.facts:
                yield self._labelled(f"{label}:", text, "text")
            yield Spacer(1, 1 * mm)

    def _small(self) -> Story:
        small: Facts = self._sheet.small
        yield Spacer(1, 1.5 * mm)
        words = [f"<b>{self._letters.markup(k)}</b> {self._letters.markup(v)}" for k, v in small]
        yield Paragraph(" ".join(words), STYLES["small"])
        if self._letters.lacked:
            yield self._text(self._say("paper.letters", mark=LACKING), "small")
