"""Telfin (Telphin, RingMe) as a telephone provider of crmkit."""
