"""What people do with gigs, applications and milestones."""

from gigs.services.applications import (
    application_reject,
    application_submit,
    application_withdraw,
    gig_match,
)
from gigs.services.extras import extra_agree, extra_note_invoiced
from gigs.services.fees import FeeChange, fee_policy_announce
from gigs.services.funds import Change
from gigs.services.gigs import (
    GigDraft,
    PlannedTask,
    gig_close,
    gig_edit,
    gig_open,
    gig_post,
    planned_split,
)
from gigs.services.giving_back import GivenUp, milestone_give_back
from gigs.services.milestones import (
    milestone_approve,
    milestone_request_changes,
    milestone_start,
    milestone_submit,
)
from gigs.services.parts import Part, milestone_approve_part
from gigs.services.refunds import (
    refund_decline,
    refund_grant,
    refund_remind,
    refund_request,
    refund_time_out,
    refund_withdraw,
)
from gigs.services.reviews import (
    Reminder,
    milestone_extend_review,
    reviews_end,
    reviews_remind,
)
from gigs.services.settlement import (
    milestones_fund,
    milestones_settle,
    projects_complete,
    projects_note_invoiced,
    projects_start,
)

__all__ = [
    "Change",
    "FeeChange",
    "GigDraft",
    "GivenUp",
    "Part",
    "PlannedTask",
    "Reminder",
    "application_reject",
    "application_submit",
    "application_withdraw",
    "extra_agree",
    "extra_note_invoiced",
    "fee_policy_announce",
    "gig_close",
    "gig_edit",
    "gig_match",
    "gig_open",
    "gig_post",
    "milestone_approve",
    "milestone_approve_part",
    "milestone_extend_review",
    "milestone_give_back",
    "milestone_request_changes",
    "milestone_start",
    "milestone_submit",
    "milestones_fund",
    "milestones_settle",
    "planned_split",
    "projects_complete",
    "projects_note_invoiced",
    "projects_start",
    "refund_decline",
    "refund_grant",
    "refund_remind",
    "refund_request",
    "refund_time_out",
    "refund_withdraw",
    "reviews_end",
    "reviews_remind",
]
