"""The staff door of wallets, a module for each family of screens."""

from wallets.admin import bank, crediting, holds, money, payouts, proof, releases, take_backs

__all__ = ["bank", "crediting", "holds", "money", "payouts", "proof", "releases", "take_backs"]
