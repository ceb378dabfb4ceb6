"""The room on the screen: the screen itself and the controllers that it is composed of."""
