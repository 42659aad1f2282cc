"""Forms of gigs, applications and milestones."""

from gigs.forms.filters import (
    ApplicationStatusForm,
    GigFilterForm,
    GigStatusForm,
    ProjectStatusForm,
)
from gigs.forms.posting import AboutForm, LiveSplit, Plan, live_split
from gigs.forms.work import ApplyForm, ApproveForm, ChangesForm, PartForm, SubmitForm

__all__ = [
    "AboutForm",
    "ApplicationStatusForm",
    "ApplyForm",
    "ApproveForm",
    "ChangesForm",
    "GigFilterForm",
    "GigStatusForm",
    "LiveSplit",
    "PartForm",
    "Plan",
    "ProjectStatusForm",
    "SubmitForm",
    "live_split",
]
