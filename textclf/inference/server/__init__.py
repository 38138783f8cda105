"""`textclf serve`: an HTTP server around classifiers, with Starlette and uvicorn (the extra `serve`).

A request is read and checked by the tables in `fields`, waits in `batching`, and is answered by the functions of
`inference.predict` and `inference.explain`: the same text gets the same answer as on the command line. The endpoints
are tables, from which the routes, `/openapi.json` and `docs/http-api.md` are made. Texts are never logged.
"""
