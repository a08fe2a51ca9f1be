"""The words of posting, saying and being somebody, one file a language."""
