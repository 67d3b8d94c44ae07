"""Where the units of a job's work are done: in its own threads, in worker processes, on a dask cluster.

A job keeps its threads, buffers, order and accounts. Only the call that does a unit (parse a chunk, multiply a tile)
goes through a place, which is a function::

    with engine_named("processes", workers=4).open(make_parser, how) as place, ThreadGroup() as group:
        group.on_stop(place.cancel)
        ...                         # in any of the job's threads:
        parsed = place(chunk)       # blocks until it is done, wherever that is; raises what it raised

``make_parser(how)`` builds, once in each worker, the function that does a unit. It is sent by its name, so it is
defined at the top level of a module or of a file; its arguments, units and results are pickled.

So many threads call as the engine has ``callers``. By its ``call_s``, what a call costs, a job tells how large a unit
has to be, and whether it had better be the name of a range of a file, which the worker reads, than the bytes in it (see
``concli.logs.span``). A unit may also have a method ``refer``: what it returns, as ``__reduce__`` would, names what is
in a file. An engine whose workers see the same storage sends that (dask's does); to other processes of this machine it
costs less to hand over what is in memory anyway.

To add an engine, write one file with a class that has what ``engine.Engine`` lists: it takes ``workers`` and
``Settings``, and ``open`` gives a context manager of a place. What it needs from elsewhere it imports when it is
opened, and it raises ``UsageError`` with what to install if that is missing. ``_setup`` carries ``make`` and its
arguments to another process, ``_message`` has the pickles and buffers, ``_worker.answer`` does a unit there and packs
what comes of it; ``dask`` shows how little else there is to do. ``--engine MODULE:CLASS`` finds the class as it
stands; a short name is one line in ``registry``.
"""
