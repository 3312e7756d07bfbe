from tests.ui.records.conftest import crm_plugins, crm_roles, crm_settings, job

__all__ = ["crm_plugins", "crm_roles", "crm_settings", "job"]
