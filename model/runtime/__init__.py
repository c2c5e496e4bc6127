"""What runs in the image: an MLflow model behind a V2 server.

The server and the model live in environments of their own. `python -m runtime` starts the server, which starts
`python -m runtime.worker` with the model's own Python; they talk in plain values only, so that neither minds the
other's versions. What a worker imports runs on every Python that a model may have been trained with, from 3.9.
"""
