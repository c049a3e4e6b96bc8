"""Every error that this package raises on purpose.

::

    TriageError
    ├── ImageError              about the bytes of one image
    │   ├── NotAnImage          nothing that we read: skipped
    │   │   └── NotAFilm        made of films, by us or by others: kept out, never scored
    │   ├── UnreadableImage     the bytes are broken, cut off or contradict themselves
    │   ├── UnsupportedImage    whole, but in an encoding that we do not read
    │   ├── ImageTooLarge       over a limit, found before anything was decoded
    │   └── DecodingFailed      the decoder crashed or took too much memory
    │       └── DecodingInterrupted  no time, or stopped from outside: it may succeed later
    ├── ModelError              no such model, a bad card, or a file that differs from its card
    ├── FetchFailed             a published model could not be fetched, checked or installed
    ├── PolicyInvalid           a policy file that cannot be used
    ├── SettingsInvalid         an environment variable that cannot be used
    ├── EvaluationFailed        results and labels that cannot be measured
    ├── InputInvalid            a list of files, or a run that does not go with an earlier one
    ├── OutputFailed            a result could not be written
    ├── StoreError              about what is kept
    │   ├── StoreFull           the disk is full; nothing was changed
    │   ├── StoreReadOnly       the folder or database cannot be written
    │   ├── StoreBusy           another process holds the store for too long
    │   ├── StoreUnavailable    it cannot be reached, or the disk fails
    │   ├── StoreInvalid        not ours, damaged, or of a newer version
    │   ├── BlobDamaged         a kept file is missing or differs from its hash
    │   ├── NotFound            nothing of that id, or not for these eyes
    │   ├── Conflict            contradicts what is kept, or came too late
    │   └── BackupFailed        a backup could not be made or restored
    ├── ProviderUnavailable     who signs people in elsewhere cannot be asked
    ├── Overloaded              too much to do at once; when to try again
    ├── RequestError            about a request to the service
    │   ├── RequestInvalid      not what the interface describes
    │   │   └── FieldInvalid    a form's field holds what it cannot
    │   ├── RequestTooLarge     more bytes or parts than a limit allows
    │   ├── HeadersTooLarge     more bytes before the body than are read
    │   ├── RequestTooSlow      nothing came for too long
    │   ├── MediaTypeUnsupported  a body of a kind that is not read here
    │   ├── NotAcceptable       an answer of a kind that is not given here
    │   └── MethodNotAllowed    an address that does not do that
    ├── QueryInvalid            a filter or a cursor that cannot be used
    ├── AccessError             about who asks
    │   ├── NotAuthenticated    not signed in, or with something that does not count
    │   ├── NotAllowed          signed in, but this is not theirs to do
    │   ├── TooManyAttempts     too many failed sign-ins; when to try again
    │   └── OverQuota           a station has sent what it may in a day; when to go on
    ├── AccountInvalid          a name, a password, a role or a limit that cannot be used
    ├── ReviewInvalid           a review that cannot be kept as it is
    ├── CorrectionInvalid       something put right in a way that cannot be
    ├── DeliveryFailed          a destination has not got a result
    └── MissingExtra            an optional package is not installed

The class says what kind of trouble it is (entrances map classes to statuses and exit
codes); `code` is stable and names the sentence in `language`. Values that fill the
sentence are counts, sizes and names from standards: never a path or an identifier.
"""

from cxr_triage.language import Language, say


class TriageError(Exception):
    """Root of the tree: `code` is stable, `message(language)` is for people."""

    def __init__(self, code: str, /, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values

    def message(self, language: Language = "en") -> str:
        """One sentence: what happened and, where there is something, what to do next."""
        return say(f"error.{self.code}", language, **self.values)

    def __str__(self) -> str:
        return self.message()

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.code, self.values)


def _rebuild(kind: type[TriageError], code: str, values: dict[str, object]) -> TriageError:
    return kind(code, **values)


class ImageError(TriageError):
    """About the bytes of one image; others in the same run are not concerned."""


class NotAnImage(ImageError):
    """The bytes are nothing that this service reads."""


class NotAFilm(NotAnImage):
    """A DICOM object that was made of films, by this service or by others: kept out and counted,
    never scored. It is no trouble of who sends it."""


class UnreadableImage(ImageError):
    """The bytes are broken, cut off or contradict themselves."""


class UnsupportedImage(ImageError):
    """The image is whole but in an encoding that is not read here."""


class ImageTooLarge(ImageError):
    """The image is over a limit of the settings; nothing was decoded."""


class DecodingFailed(ImageError):
    """The decoder crashed or took too much memory, and was replaced."""


class DecodingInterrupted(DecodingFailed):
    """There was no time, or the process was stopped from outside: the same image may be read
    later; `values["retry_after_s"]` says when to try again."""


class ModelError(TriageError):
    """The model cannot be used: absent, invalid, or not the file its card names."""


class FetchFailed(TriageError):
    """A published file could not be fetched, is not the right one, or cannot be installed."""


class PolicyInvalid(TriageError):
    """The policy file cannot be used."""


class SettingsInvalid(TriageError):
    """An environment variable holds what the setting cannot be."""


class EvaluationFailed(TriageError):
    """Results, labels or thresholds that cannot be measured, alone or together."""


class OutputFailed(TriageError):
    """A result could not be written."""


class StoreError(TriageError):
    """About what is kept."""


class StoreFull(StoreError):
    """The disk is full; nothing was changed, and a repeat succeeds once there is room."""


class StoreReadOnly(StoreError):
    """The store's folder or database cannot be written."""


class StoreBusy(StoreError):
    """Another process holds the store for too long; a repeat may succeed."""


class StoreUnavailable(StoreError):
    """The database cannot be reached, or the disk fails."""


class StoreInvalid(StoreError):
    """The database is not ours, is damaged, or was made by a newer version."""


class BlobDamaged(StoreError):
    """A kept file is missing, or its bytes differ from its hash."""


class NotFound(StoreError):
    """Nothing of that id, or not for the eyes of who asks: the answer is the same."""


class Conflict(StoreError):
    """What was sent contradicts what is kept, or somebody else was faster."""


class BackupFailed(StoreError):
    """A backup could not be made, or is not one that can be restored."""


class Overloaded(TriageError):
    """Too much to do at once; `values["retry_after_s"]` says when to try again."""


class ProviderUnavailable(TriageError):
    """Who signs people in elsewhere cannot be asked, or answers nothing that can be used."""


class RequestError(TriageError):
    """About a request to the service, before what it asks for is looked at."""


class RequestInvalid(RequestError):
    """The request is not what the interface describes."""


class FieldInvalid(RequestInvalid):
    """A form's field holds what it cannot; `values["field"]` is its name in the interface."""

    def message(self, language: Language = "en") -> str:
        """Names the field as the page does, and says what belongs there."""
        return say(f"field_invalid.{self.values['field']}", language)


class RequestTooLarge(RequestError):
    """The request has more bytes or parts than a limit of the settings allows."""


class HeadersTooLarge(RequestError):
    """What comes before the request's body is larger than any client needs."""


class RequestTooSlow(RequestError):
    """The request's body did not come in time."""


class MediaTypeUnsupported(RequestError):
    """The request's body is of a kind that is not read here."""


class NotAcceptable(RequestError):
    """The answer is wanted in a form that is not given here."""


class MethodNotAllowed(RequestError):
    """The address exists but does not do that."""


class QueryInvalid(TriageError):
    """A filter or a cursor that cannot be used."""


class AccessError(TriageError):
    """About who asks."""


class NotAuthenticated(AccessError):
    """Not signed in, or with a password, key or session that does not count."""


class NotAllowed(AccessError):
    """Signed in, but this is not theirs to do."""


class TooManyAttempts(AccessError):
    """Too many failed sign-ins; `values["retry_after_s"]` says when to try again."""


class OverQuota(AccessError):
    """A station has sent what it may in a day; `values["retry_after_s"]` says when to go on."""


class AccountInvalid(TriageError):
    """A name, a password, a role or a limit that cannot be used."""


class ReviewInvalid(TriageError):
    """A review that cannot be kept as it is."""


class CorrectionInvalid(TriageError):
    """What is to be put right cannot be so, or lacks its reason."""


class InputInvalid(TriageError):
    """What a run was given to read or to go on with cannot be used."""


class DeliveryFailed(TriageError):
    """A destination has not got it. `away`: nobody can be reached there, or it has no room: then it
    waits for as long as it takes."""

    def __init__(self, code: str, /, *, away: bool = False, status: str = "") -> None:
        super().__init__(code, status=status)
        self.away = away

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_delivery, (self.code, self.away, str(self.values["status"]))


def _rebuild_delivery(code: str, away: bool, status: str) -> DeliveryFailed:
    return DeliveryFailed(code, away=away, status=status)


class MissingExtra(TriageError):
    """An optional package is not installed."""

    def __init__(self, package: str, *, extra: str) -> None:
        super().__init__("missing_extra", package=package, extra=extra)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_missing_extra, (self.values["package"], self.values["extra"])


def _rebuild_missing_extra(package: str, extra: str) -> MissingExtra:
    return MissingExtra(package, extra=extra)
