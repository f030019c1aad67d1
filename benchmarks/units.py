"""Numbers as RSDS writes them."""


def number(text):
    """10K is 10,000 and 1M a million."""
    return int(text.rstrip("KM")) * {"K": 10**3, "M": 10**6}.get(text[-1], 1)
