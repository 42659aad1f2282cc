"""Settings of development, and the app that takes away one guarantee: negative controls only."""

from config.settings.dev import *
from config.settings.dev import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "chaos.apps.ChaosConfig"]
