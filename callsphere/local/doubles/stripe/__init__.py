"""A stand-in for Stripe: stateful, with a clock one can turn. No card is charged.

It answers in the shapes of the API version that the locked SDK speaks, refuses parameters that it does not
know, and sends signed events. What it leaves out on purpose: invoices are final at once (Stripe keeps a
renewal as a draft for an hour), and quantities are always 1.
"""
