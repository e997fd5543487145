"""What can go wrong at a node, in words, by theme: sentence and remedy in Chinese, sentence and remedy in English."""
