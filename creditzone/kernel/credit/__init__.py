"""Credit knowledge that portal and nodes share: codes of firms, scorecards, and what a scorecard is worth."""
