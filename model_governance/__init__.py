"""A model gate for SageMaker Model Registry."""
