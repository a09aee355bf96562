"""The diagnosis benchmark's measuring side: what check says of the injector's sheets, against the truth."""
