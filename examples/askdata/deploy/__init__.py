"""The CDK app that deploys AskData: the screen, its database of embeddings and its conversations."""
