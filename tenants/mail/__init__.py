"""Mails: rows in the transaction of what they tell of, sent by workers, erased when they have left."""
