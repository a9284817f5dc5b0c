"""What operators see before they act on money, and what stands out of it afterwards."""

from __future__ import annotations

from billing.oversight.bookings import BookedEntry, BookingPreview, Row, booking_preview

__all__ = ["BookedEntry", "BookingPreview", "Row", "booking_preview"]
