"""What would keep an `up` from ending well, found before it begins: one small function a check, each with a remedy."""
