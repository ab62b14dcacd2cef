"""One suite for the recordings and for the emulators, so that neither can drift."""
