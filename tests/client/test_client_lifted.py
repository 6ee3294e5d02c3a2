"""The behaviour suites of the engine, over the wire: who asks cannot tell the difference.

Each test runs in process where it stands, and here over memory and over TCP.
"""

from __future__ import annotations

import tests.client.lifted
import tests.engine.conftest
import tests.engine.test_engine_associations
import tests.engine.test_engine_declared
import tests.engine.test_engine_extensions
import tests.engine.test_engine_methods
import tests.engine.test_engine_queries
from tests.client.lifted import lifted

globals().update(
    lifted(
        tests.client.lifted,
        tests.engine.conftest,
        tests.engine.test_engine_associations,
        tests.engine.test_engine_declared,
        tests.engine.test_engine_extensions,
        tests.engine.test_engine_methods,
        tests.engine.test_engine_queries,
        but=[
            # A class that came over the wire does not know that it was projected.
            "test_a_projection_has_what_was_asked_for_and_no_path",
            # IWbemServices itself refuses what is empty, before there is a call that could have failed.
            "test_of_an_unknown_class",
            # It looks into the engine's own session.
            "test_calls_in_the_same_words_share_them_and_no_more_is_kept_of_what_strangers_write",
        ],
    )
)
