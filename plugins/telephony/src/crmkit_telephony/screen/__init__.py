"""What a person at a screen meets of calls: windows, the card, control, the line above every page, recordings."""
