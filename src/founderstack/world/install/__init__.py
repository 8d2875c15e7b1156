"""What is installed: Debian's packages, environments and builds."""
