"""The staff door of wallets, a module for each family of screens."""

from wallets.admin import money, payouts, proof

__all__ = ["money", "payouts", "proof"]
