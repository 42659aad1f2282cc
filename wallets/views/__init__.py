"""The browser door of money: dashboards, wallet, payments, previews."""
