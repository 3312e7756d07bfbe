"""What an integrator sets under ``[activities]``."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import attrs

from .media import USUAL


@attrs.frozen(kw_only=True)
class ActivitiesSettings:
    """Settings of the activities plugin."""

    max_file_size: int = attrs.field(default=25 * 1024 * 1024, validator=attrs.validators.gt(0))
    """How many bytes a file may have: 25 MiB unless said otherwise."""
    file_types: tuple[str, ...] = USUAL
    """The extensions of files that may be attached, such as `["pdf", "jpg"]`; the content must agree. Never web pages, scripts and programs."""
    kinds: dict[str, str] = attrs.field(factory=dict)
    """Further kinds of activities by name and label: `{ demo = "Показ" }`."""
    store: str = attrs.field(default="disk", validator=attrs.validators.in_(("disk", "s3")))
    """Where files are kept: `disk`, or `s3` for a bucket (`pip install "crmkit[s3]"`)."""
    folder: Path = Path("files")
    """The folder of the disk store. It belongs to this CRM alone: what no record knows is removed from it."""
    s3_bucket: str = ""
    """The bucket of the S3 store. Who may use it is found where boto3 looks: environment, `~/.aws`, the machine's role."""
    s3_prefix: str = ""
    """What the keys in the bucket begin with, such as `crm/`; it belongs to this CRM alone."""
    s3_endpoint: str | None = None
    """The address of an S3 service that is not Amazon's, such as `https://storage.yandexcloud.net`."""
    s3_region: str | None = None
    """The region of the bucket, where the service has regions."""
    orphans_after: dt.timedelta = dt.timedelta(days=7)
    """After how long content that no record knows (an upload that failed half way) is removed; at least two days."""

    def __attrs_post_init__(self) -> None:
        """Refuse what cannot work, by name."""
        from .media import TYPES, bare

        unknown = sorted({bare(e) for e in self.file_types} - TYPES.keys())
        if unknown:
            raise ValueError(f"file_types: nothing is known of {', '.join(unknown)}; known: {', '.join(TYPES)}")
        if self.store == "s3" and not self.s3_bucket:
            raise ValueError('store = "s3" needs s3_bucket')
        if self.orphans_after < dt.timedelta(days=2):
            raise ValueError("orphans_after: at least 2d, or an upload that is still under way might lose its content")
