"""WS-Eventing: what a service tells those who have subscribed, and how these hear it.

    subscriptions  who has subscribed to what, and until when: state alone, the time is passed in
    sinks          where events may be sent to
    eventmessage   an event as it is sent: encoded once for all
    delivery       many sinks at once, each in order; one that is slow or gone holds up nobody
    source         the events of a service of ours

    receiver       where notifications come in: one server of HTTP for all subscriptions of a program
    lifetime       how long a subscription lasts, and when it is renewed; time is passed in
    subscriber     one subscription, from Subscribe to Unsubscribe: what goes out, and what comes in
    subscription   the same as its user has it, an Operation
    happenings     what comes of a subscription: notifications, changes of its state, errors

The first are a source's, the others a sink's, and neither side knows of the other.
"""
