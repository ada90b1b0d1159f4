"""What a campaign leaves behind to look at and to share: a summary, a report and exports."""
