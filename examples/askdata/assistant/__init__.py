"""The running assistant: LookML is retrieved for a question, a model on Bedrock writes the SQL."""
