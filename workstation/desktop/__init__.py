"""The desktop: the only package that knows Qt. It shows what view models hold and runs commands; it decides nothing."""
