"""The reviewer's desk: pledge, documents, scores."""
