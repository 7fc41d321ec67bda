"""Sites as data: what a worker job asks for by default."""
