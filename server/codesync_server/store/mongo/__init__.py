"""A store in a MongoDB database."""

from codesync_server.store.mongo.store import MongoStore

__all__ = ["MongoStore"]
