"""Event logs of other systems taken in, and logs given to others: XES and CSV."""

from .exporting import export_log, export_own
from .figures import figures
from .importing import Imported, import_log
from .mapping import Mapping, mapping_of

__all__ = ["Imported", "Mapping", "export_log", "export_own", "figures", "import_log", "mapping_of"]
