"""Content by chunks, in the formats that Hugging Face clients send. No Django in here."""
