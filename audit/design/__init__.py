"""What an audit can be expected to say, simulated before there are data."""
