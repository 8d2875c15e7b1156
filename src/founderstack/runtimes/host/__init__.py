"""The host runtime: plain processes under supervisor, from the distribution's packages."""
