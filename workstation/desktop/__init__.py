"""The desktop: the only package that knows Qt. It shows what view models hold and runs commands; it decides nothing."""

from workstation.desktop.overrides import keep_errors_whole

keep_errors_whole()
