"""The only doors to the network: plain HTTP, yt-dlp in a child process, and their guard."""
