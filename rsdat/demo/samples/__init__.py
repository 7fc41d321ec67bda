"""The data of the example notebooks: made by formula, so that what is computed of them is known."""
