"""The two parties of an invoice: legal entities that issue it and billing profiles that receive it."""
