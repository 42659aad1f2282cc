"""The staff door of wallets, a module for each family of screens."""

from wallets.admin import holds, money, payouts, proof, releases

__all__ = ["holds", "money", "payouts", "proof", "releases"]
