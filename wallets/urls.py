"""Addresses of money, of the dashboard and of the status page; config includes them at the root."""

from django.urls import include, path

from wallets.views import (
    credit,
    crediting,
    dashboards,
    funding,
    giving_back,
    payments,
    payouts,
    previews,
    proof,
    refunds,
    transfers_back,
    wallet,
)

wallet_patterns = [
    path("wallet/", wallet.wallet, name="wallet"),
    path("wallet/statement/", wallet.statement, name="statement"),
    path("wallet/receipts/<slug:currency>/<int:line>.json", proof.receipt, name="receipt"),
    path("wallet/statement.csv", wallet.statement_csv, name="statement-csv"),
    path("invoices/<inv_id:invoice_id>/pay/", payments.pay, name="pay"),
    path("invoices/<inv_id:invoice_id>/credit/", crediting.credit, name="invoice-credit"),
    path(
        "invoices/<inv_id:invoice_id>/credit/preview/",
        crediting.preview,
        name="note-preview",
    ),
    path("projects/<prj_id:project_id>/fund/", funding.fund, name="fund"),
    path("milestones/<mst_id:milestone_id>/give-back/", giving_back.give_back, name="give-back"),
    path(
        "milestones/<mst_id:milestone_id>/give-back/preview/",
        giving_back.preview,
        name="give-back-preview",
    ),
    path("milestones/<mst_id:milestone_id>/refund/", refunds.refund, name="refund"),
    path("milestones/<mst_id:milestone_id>/refund/agree/", refunds.agree, name="refund-agree"),
    path(
        "milestones/<mst_id:milestone_id>/refund/decline/",
        refunds.decline,
        name="refund-decline",
    ),
    path(
        "milestones/<mst_id:milestone_id>/refund/withdraw/",
        refunds.withdraw,
        name="refund-withdraw",
    ),
    path("payments/<pay_id:payment_id>/", payments.payment, name="payment"),
    path("payments/<pay_id:payment_id>/take-back/", credit.take_back, name="take-back"),
    path(
        "payments/<pay_id:payment_id>/transfer-back/",
        transfers_back.transfer_back,
        name="transfer-back",
    ),
    path("credit/", credit.credit, name="credit"),
    path("credit/top-up/", credit.top_up, name="top-up"),
    path("payment-methods/", payments.payment_methods, name="payment-methods"),
    path(
        "payment-methods/<pm_id:method_id>/remove/",
        payments.payment_method_remove,
        name="payment-method-remove",
    ),
    path(
        "payment-methods/<pm_id:method_id>/default/",
        payments.payment_method_make_default,
        name="payment-method-default",
    ),
    path("withdraw/", payouts.withdraw, name="withdraw"),
    path("withdrawals/", payouts.withdrawals, name="withdrawals"),
    path("withdrawals/<wd_id:withdrawal_id>/", payouts.withdrawal, name="withdrawal"),
    path(
        "withdrawals/<wd_id:withdrawal_id>/cancel/",
        payouts.withdrawal_cancel,
        name="withdrawal-cancel",
    ),
    path("payout-methods/", payouts.payout_methods, name="payout-methods"),
    path(
        "payout-methods/<pom_id:method_id>/remove/",
        payouts.payout_method_remove,
        name="payout-method-remove",
    ),
    path(
        "milestones/<mst_id:milestone_id>/approve-part/preview/",
        previews.part_preview,
        name="part-preview",
    ),
    path(
        "milestones/<mst_id:milestone_id>/preview/",
        previews.approval_preview,
        name="approval-preview",
    ),
]

urlpatterns = [
    path("dashboard/", dashboards.dashboard, name="dashboard"),
    path("status/", dashboards.status, name="status"),
    path("status/anchors/", proof.anchors, name="anchors"),
    path("status/anchors.jsonl", proof.anchors_file, name="anchors-file"),
    path("", include((wallet_patterns, "wallets"))),
]
