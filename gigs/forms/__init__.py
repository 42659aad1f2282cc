"""Forms of gigs, applications and milestones."""

from gigs.forms.fees import FeePolicyForm
from gigs.forms.filters import (
    ApplicationStatusForm,
    GigFilterForm,
    GigStatusForm,
    ProjectStatusForm,
)
from gigs.forms.posting import AboutForm, LiveSplit, Plan, live_split, values_of
from gigs.forms.work import ApplyForm, ApproveForm, ChangesForm, ExtraForm, PartForm, SubmitForm

__all__ = [
    "AboutForm",
    "ApplicationStatusForm",
    "ApplyForm",
    "ApproveForm",
    "ChangesForm",
    "ExtraForm",
    "FeePolicyForm",
    "GigFilterForm",
    "GigStatusForm",
    "LiveSplit",
    "PartForm",
    "Plan",
    "ProjectStatusForm",
    "SubmitForm",
    "live_split",
    "values_of",
]
