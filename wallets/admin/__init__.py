"""The staff door of wallets, a module for each family of screens."""

from wallets.admin import money, payouts

__all__ = ["money", "payouts"]
