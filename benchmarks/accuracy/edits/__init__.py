"""Makes a corpus folder with known answers from any folder of videos."""
