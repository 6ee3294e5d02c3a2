"""wsdclient.h and its neighbours, name for name."""
