"""Who notices: PromQL over the series of a run, rules and the alerts that they give."""
