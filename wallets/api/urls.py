from django.urls import path

from wallets.api import (
    funding,
    giving_back,
    holds,
    payments,
    payouts,
    receipts,
    refunds,
    wallet,
    webhooks,
    withdrawals,
)

urlpatterns = [
    path("invoices/<inv_id:invoice_id>/pay/", payments.InvoicePayView.as_view()),
    path("invoices/<inv_id:invoice_id>/pay/preview/", payments.PayPreviewView.as_view()),
    path("milestones/<mst_id:milestone_id>/fund/", funding.MilestoneFundView.as_view()),
    path(
        "milestones/<mst_id:milestone_id>/fund/preview/",
        funding.MilestoneFundPreviewView.as_view(),
    ),
    path(
        "milestones/<mst_id:milestone_id>/give-back/",
        giving_back.MilestoneGiveBackView.as_view(),
    ),
    path(
        "milestones/<mst_id:milestone_id>/give-back/preview/",
        giving_back.GiveBackPreviewView.as_view(),
    ),
    path("milestones/<mst_id:milestone_id>/refund/", refunds.MilestoneRefundView.as_view()),
    path("milestones/<mst_id:milestone_id>/refund/preview/", refunds.RefundPreviewView.as_view()),
    path("milestones/<mst_id:milestone_id>/refund/agree/", refunds.RefundAgreeView.as_view()),
    path(
        "milestones/<mst_id:milestone_id>/refund/agree/preview/",
        refunds.RefundAgreePreviewView.as_view(),
    ),
    path("milestones/<mst_id:milestone_id>/refund/decline/", refunds.RefundDeclineView.as_view()),
    path("milestones/<mst_id:milestone_id>/refund/withdraw/", refunds.RefundWithdrawView.as_view()),
    path("projects/<prj_id:project_id>/fund/", funding.ProjectFundView.as_view()),
    path("projects/<prj_id:project_id>/fund/preview/", funding.ProjectFundPreviewView.as_view()),
    path("payments/", payments.PaymentsView.as_view()),
    path("payments/<pay_id:payment_id>/", payments.PaymentView.as_view()),
    path("payment-methods/", payments.PaymentMethodsView.as_view()),
    path("payment-methods/<pm_id:method_id>/", payments.PaymentMethodView.as_view()),
    path("withdrawals/", withdrawals.WithdrawalsView.as_view()),
    path("withdrawals/preview/", withdrawals.WithdrawalPreviewView.as_view()),
    path("withdrawals/<wd_id:withdrawal_id>/", withdrawals.WithdrawalView.as_view()),
    path("withdrawals/<wd_id:withdrawal_id>/cancel/", withdrawals.WithdrawalCancelView.as_view()),
    path("provider-events/sandbox/", webhooks.SandboxEventsView.as_view()),
    path("payout-methods/", payouts.PayoutMethodsView.as_view()),
    path("payout-methods/<pom_id:method_id>/", payouts.PayoutMethodView.as_view()),
    path("wallet/holds/", holds.HoldsView.as_view()),
    path("wallet/", wallet.WalletView.as_view()),
    path("wallet/past/", wallet.PastWalletView.as_view()),
    path("wallet/clearings/", wallet.ClearingsView.as_view()),
    path("wallet/transactions/", wallet.StatementView.as_view()),
    path("wallet/receipts/<slug:currency>/<int:line>/", receipts.ReceiptView.as_view()),
    path(
        "milestones/<mst_id:milestone_id>/approve-part/preview/",
        wallet.ApprovePartPreviewView.as_view(),
    ),
    path(
        "milestones/<mst_id:milestone_id>/approve/preview/",
        wallet.ApprovePreviewView.as_view(),
    ),
]
