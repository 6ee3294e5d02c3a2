"""WS-Eventing: events from a service to whoever has subscribed to them.

subscriptions   who has subscribed to what, and until when: state alone, the time is passed in
sinks           where events may be sent to
delivery        many sinks at once, each in order; one that is slow or gone holds up nobody
source          the events of a service of ours
"""
